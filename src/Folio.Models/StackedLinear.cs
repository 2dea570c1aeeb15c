using Folio.Compute;

namespace Folio.Models;

/// <summary>Products of one input, side by side in one output: queries, keys and values; gate and up.</summary>
/// <remarks>Matrices of one stored type are packed as one, so that a single product does for all; else each has its own.</remarks>
internal sealed class StackedLinear(StackedLinear.Part[] parts)
{
    /// <param name="Start">The part's first column in the output.</param>
    /// <param name="Bias">[1, weight.Rows], or default.</param>
    public readonly record struct Part(int Start, Weight Weight, Tensor Bias);

    /// <summary>y = x · wᵀ + bias for all parts.</summary>
    public void Apply(Backend backend, Tensor x, Tensor y)
    {
        foreach (Part part in parts) backend.Linear(x, part.Weight, part.Bias, y.Slice(part.Start, part.Weight.Rows));
    }
}
