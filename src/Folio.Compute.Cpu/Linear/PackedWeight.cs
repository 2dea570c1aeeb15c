namespace Folio.Compute.Cpu.Linear;

/// <summary>A matrix in panels, in the memory of its backend.</summary>
internal sealed unsafe class PackedWeight(DType type, int rows, int columns, PanelOps ops, RoundedOps? rounded, byte* panels) : Weight(type, rows, columns)
{
    public PanelOps Ops { get; } = ops;

    /// <summary>Null: products take activations as they are.</summary>
    public RoundedOps? Rounded { get; } = rounded;

    public byte* Panels { get; } = panels;

    public long PanelBytes { get; } = ops.PanelBytes(columns);

    public override long Bytes => Panel.Count(Rows) * PanelBytes;
}
