namespace Folio.Simulation;

/// <summary>How long a step takes. The virtual clock advances by this.</summary>
public interface IStepCost
{
    double Seconds(in StepWork work);
}
