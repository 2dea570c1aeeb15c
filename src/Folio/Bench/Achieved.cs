namespace Folio.Bench;

/// <summary>What a device did, in 10⁹ bytes and operations a second.</summary>
internal sealed record Achieved(double GigabytesPerSecond, double GigaoperationsPerSecond)
{
    public static Achieved Of(ModelWork work, StepCount steps, double keys, double drawn, double seconds) =>
        new(work.Bytes(steps.Steps, keys) / seconds / 1e9, work.Operations(steps.Tokens, drawn) / seconds / 1e9);
}
