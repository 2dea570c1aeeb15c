namespace Folio.Compute.Cpu.Linear;

/// <summary>A matrix in panels, in the memory of its backend.</summary>
internal sealed unsafe class PackedWeight(DType type, int rows, int columns, PanelOps ops, RoundedOps? rounded, FloatOps? floats, byte* panels) : Weight(type, rows, columns)
{
    public PanelOps Ops { get; } = ops;

    /// <summary>Products that round the activations; null: they are taken as they are.</summary>
    public RoundedOps? Rounded { get; } = rounded;

    /// <summary>Emitted products of exact activations; null: <see cref="Ops"/> makes them.</summary>
    public FloatOps? Floats { get; } = floats;

    public byte* Panels { get; } = panels;

    public long PanelBytes { get; } = ops.PanelBytes(columns);

    public override long Bytes => Panel.Count(Rows) * PanelBytes;
}
