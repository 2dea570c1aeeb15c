using Folio.Compute;
using Folio.Models;

namespace Folio.GpuBench;

/// <summary>A decoder like Llama with random weights, made on the spot.</summary>
internal abstract class RandomModel : IDisposable
{
    /// <summary>The type of fp8 weights, which are no stored type of their own.</summary>
    public const string Fp8 = "fp8";

    /// <param name="type">Of the matrices: a stored type, or fp8.</param>
    public static RandomModel Make(ModelShape shape, string type) => type == Fp8 ? new RandomFp8Model(shape) : new RandomGguf(shape, Enum.Parse<DType>(type));

    public abstract ModelSource Open();

    public abstract void Dispose();
}
