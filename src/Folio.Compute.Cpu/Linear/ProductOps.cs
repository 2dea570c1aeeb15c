namespace Folio.Compute.Cpu.Linear;

/// <summary>How activations are multiplied by packed matrices of one stored type.</summary>
internal abstract unsafe class ProductOps
{
    /// <summary>Bytes of scratch memory for a product of so many rows and columns of activations.</summary>
    public virtual long ScratchBytes(int rows, int columns) => 0;

    /// <summary>y = x · wᵀ.</summary>
    public abstract void Multiply(ThreadTeam team, in LinearArguments arguments, byte* scratch);
}
