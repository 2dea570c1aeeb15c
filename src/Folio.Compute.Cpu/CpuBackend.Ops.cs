namespace Folio.Compute.Cpu;

/// <remarks>
/// The ops other than matrix products. One text serves every level: eight fp32 lanes, which .NET lowers to one AVX register or to two 128-bit ones. The lanes and
/// their order are the same everywhere, so these ops yield the same bits on every machine.
/// </remarks>
public sealed unsafe partial class CpuBackend
{
    private int[] _drawn = []; // [requests] of the last draws

    public override void RmsNorm(Tensor x, Tensor weight, float epsilon, Tensor y) =>
        _team.RunRows(x.Rows, x.Columns, new RmsNormKernel(x, weight, epsilon, y));

    public override void LayerNorm(Tensor x, Tensor weight, Tensor bias, float epsilon, Tensor y) =>
        _team.RunRows(x.Rows, x.Columns, new LayerNormKernel(x, weight, bias, epsilon, y));

    /// <summary>Rotates each head of x in place by the angles of its row.</summary>
    /// <param name="positions">Of each row; read only where angles go by position.</param>
    public void Rope(Tensor x, int headDim, RopeAngles angles, Indices positions)
    {
        fixed (int* rows = angles.IsByPosition ? positions.Values : []) _team.RunRows(x.Rows, x.Columns, new RopeKernel(x, headDim, angles, rows));
    }

    public override void Activate(Activation activation, Tensor x, Tensor y) => ActivateGated(activation, x, default, y);

    public override void ActivateGated(Activation activation, Tensor gate, Tensor up, Tensor y)
    {
        switch (activation)
        {
            case Activation.Relu: _team.RunRows(gate.Rows, gate.Columns, new ActivationKernel<Relu>(gate, up, y)); break;
            case Activation.Silu: _team.RunRows(gate.Rows, gate.Columns, new ActivationKernel<Silu>(gate, up, y)); break;
            case Activation.Gelu: _team.RunRows(gate.Rows, gate.Columns, new ActivationKernel<Gelu>(gate, up, y)); break;
            case Activation.GeluTanh: _team.RunRows(gate.Rows, gate.Columns, new ActivationKernel<GeluTanh>(gate, up, y)); break;
            default: throw new ArgumentOutOfRangeException(nameof(activation), activation, "unknown activation");
        }
    }

    public override void Add(Tensor x, Tensor y) => _team.RunRows(x.Rows, x.Columns, new AddKernel(x, y));

    public override void GatherRows(Tensor x, Indices rows, Tensor y)
    {
        fixed (int* pointer = rows.Values) _team.RunRows(rows.Length, y.Columns, new GatherRowsKernel(x, pointer, y));
    }

    public override void BeginSample(Tensor logits, ReadOnlySpan<SampleRequest> requests)
    {
        if (requests.Length > _drawn.Length) Array.Resize(ref _drawn, requests.Length);
        fixed (SampleRequest* each = requests)
        fixed (int* ids = _drawn)
        {
            _team.Run(requests.Length, new SampleJob(logits, each, ids));
        }
    }

    public override void EndSample(Span<int> results) => _drawn.AsSpan(0, results.Length).CopyTo(results);
}
