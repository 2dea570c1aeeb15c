using Folio.Compute.Cuda.Interop;

namespace Folio.Compute.Cuda.Card;

/// <summary>Rows of one buffer that the host has asked for in this step, as it may change them.</summary>
/// <remarks>Memory for a row is taken when it is first asked for, and kept.</remarks>
internal sealed unsafe class HostRows(Tensor x)
{
    private readonly Dictionary<int, float[]> _rows = [];
    private readonly HashSet<int> _current = [];

    public bool Of(Tensor other) => other.Data == x.Data;

    public Span<float> Get(int row, CudaContext context)
    {
        if (!_rows.TryGetValue(row, out float[]? values)) _rows[row] = values = GC.AllocateUninitializedArray<float>(x.Columns, pinned: true);
        if (!_current.Add(row)) return values;
        fixed (float* to = values) context.Download(to, x.Data + (nint)row * x.Stride * sizeof(float), (long)x.Columns * sizeof(float));
        CudaContext.Synchronize(context.Stream);
        return values;
    }

    public bool Has(int row) => _current.Contains(row);

    /// <summary>What the host has made of a row goes back, once, if it has asked for it.</summary>
    public void Return(int row, CudaContext context)
    {
        if (!_current.Remove(row)) return;
        fixed (float* from = _rows[row]) context.Upload(x.Data + (nint)row * x.Stride * sizeof(float), from, (long)x.Columns * sizeof(float));
    }

    /// <summary>The buffer is about to be overwritten.</summary>
    public void Forget() => _current.Clear();
}
