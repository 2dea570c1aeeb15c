using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Compiling;
using Folio.Compute.Cuda.Elementwise;

namespace Folio.Compute.Cuda;

/// <summary>What is done value by value and row by row.</summary>
public sealed unsafe partial class CudaBackend
{
    private readonly ElementwiseKernels _elementwise;

    public override void RmsNorm(Tensor x, Tensor weight, float epsilon, Tensor y)
    {
        int groups = x.Columns / weight.Columns;
        _elementwise.RmsNorm(y.Type, weight.Columns).Launch(new RmsNormArguments(x.Data, weight.Data, y.Data, weight.Columns, groups, x.Stride, y.Stride, epsilon), x.Rows * groups);
    }

    public override void LayerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon, Tensor y) =>
        _elementwise.LayerNorm(y.Type, x.Columns).Launch(new LayerNormArguments(x.Data, weight.Data, bias.Data, y.Data, x.Columns, x.Stride, y.Stride, epsilon), x.Rows);

    public override void Activate(Activation activation, Tensor x, Tensor y) => ActivateGated(activation, x, default, y);

    public override void ActivateGated(Activation activation, Tensor gate, Tensor up, Tensor y)
    {
        if (up.Data != 0 && up.Stride != gate.Stride) throw new ArgumentException("gate and up are parts of one product", nameof(up));
        _elementwise.Activate(y.Type).Launch(
            new ActivateArguments(gate.Data, up.Data, y.Data, gate.Columns, gate.Stride, y.Stride, activation), gate.Rows, Slices(gate));
    }

    public override void Add(Tensor x, Tensor y) => _elementwise.Add.Launch(new AddArguments(x.Data, y.Data, x.Columns, x.Stride, y.Stride), x.Rows);

    public override void Convert(Tensor x, Tensor y) => _elementwise.Convert(y.Type).Launch(new ConvertArguments(x.Data, y.Data, x.Columns, x.Stride, y.Stride), x.Rows);

    public override void GatherRows(Tensor x, Indices rows, Tensor y) =>
        _elementwise.GatherRows.Launch(new GatherRowsArguments(x.Data, At(rows), y.Data, y.Columns, x.Stride, y.Stride), rows.Length);

    /// <summary>Blocks of threads that share a row: so many that few rows keep the card busy.</summary>
    private static int Slices(Tensor x) => Math.Clamp(x.Columns / (4 * ElementwiseKernels.Threads), 1, 16);
}
