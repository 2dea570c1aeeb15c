namespace Folio.Compute.Cpu;

public sealed unsafe partial class CpuBackend
{
    public override Weight Pack(params ReadOnlySpan<WeightSource> parts) => throw new NotImplementedException();

    public override void Embed(Weight table, ReadOnlySpan<int> ids, Tensor y, bool accumulate = false) => throw new NotImplementedException();

    public override void Linear(Tensor x, Weight w, Tensor bias, Tensor y, bool accumulate = false) => throw new NotImplementedException();
}
