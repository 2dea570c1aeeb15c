using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Linear;

namespace Folio.Compute.Cuda;

/// <summary>Weights: packing, matrix product, look-up.</summary>
public sealed unsafe partial class CudaBackend
{
    private readonly LinearKernels _linear;
    private readonly ManyRows _manyRows;
    private readonly DenseProducts? _dense;   // null: answers must be deterministic, or cuBLASLt isn't here
    private readonly Float8Products? _float8; // null, too, where the card doesn't multiply fp8
    private WeightUpload? _weightUpload;
    private DType? _stored; // what the weights so far say of products' inputs

    /// <summary>As told, or the type of the dense weights; BF16 for quantised ones, whose products have a wide range and round more in their weights.</summary>
    public override DType ProductInput => _options.Dtype ?? _stored ?? DType.BF16;

    public override bool KeepsStoredSize => true;

    public override int FeedForwardRows => int.MaxValue;

    public override void EndWeights()
    {
        _weightUpload?.Dispose();
        _weightUpload = null;
    }

    public override Weight Pack(params ReadOnlySpan<WeightSource> parts)
    {
        _context.Use();
        Note(parts[0].Type);
        _weightUpload ??= new WeightUpload(_context);
        CudaWeight weight = _weightUpload.Pack(parts);
        _float8?.Expect(weight);
        return weight;
    }

    public override void Embed(Weight table, Indices ids, Tensor y, bool accumulate = false)
    {
        if (ids.Length > y.Rows || y.Columns != table.Columns) throw Mismatch($"[{ids.Length}] ids", table, y);
        var weight = (CudaWeight)table;
        _linear.Embed(weight.Format).Launch(new EmbedArguments(weight.OnCard, At(ids), _drawn.OnCard, y.Data, y.Columns, y.Stride, accumulate ? 1 : 0), ids.Length);
    }

    public override void Linear(Tensor x, Weight w, Tensor bias, Tensor y, bool accumulate = false)
    {
        if (x.Columns != w.Columns || y.Columns != w.Rows || x.Rows != y.Rows || y.Type != DType.F32) throw Mismatch($"[{x.Rows}, {x.Columns}]", w, y);
        if (bias.Data != 0 && bias.Columns != w.Rows) throw Mismatch($"bias [{bias.Columns}]", w, y);
        var weight = (CudaWeight)w;
        var arguments = new LinearArguments(x.Data, weight.OnCard, bias.Data, y.Data, x.Rows, w.Rows, x.Stride, y.Stride, accumulate ? 1 : 0);
        bool isMany = x.Rows > LinearKernels.MaxFewRows || _options.IsDeterministic;
        if (x.Type == DType.F32 || !isMany) _linear.FewRows(x.Type, weight.Format, arguments);
        else if (!TryMultiply(x.Type, weight, arguments)) _manyRows.Multiply(x.Type, weight.Format, arguments);
    }

    /// <returns>False: it is no product of cuBLASLt's.</returns>
    private bool TryMultiply(DType x, CudaWeight weight, in LinearArguments arguments)
    {
        if (weight.Format.IsFp8) return _float8?.TryMultiply(x, weight, arguments) == true;
        return weight.Format.IsDense && weight.Type == x && _dense?.TryMultiply(x, arguments) == true;
    }

    /// <summary>F32 where all is, F16 where nothing is BF16 or quantised.</summary>
    private void Note(DType stored)
    {
        _stored = (_stored, stored) switch
        {
            (null, _) or (DType.F32, _) => stored is DType.F32 or DType.F16 ? stored : DType.BF16,
            (DType.F16, DType.F16 or DType.F32) => DType.F16,
            _ => DType.BF16,
        };
    }

    private static ArgumentException Mismatch(string x, Weight w, Tensor y) => new($"{x} and a weight [{w.Rows}, {w.Columns}] don't give [{y.Rows}, {y.Columns}] {y.Type}.");
}
