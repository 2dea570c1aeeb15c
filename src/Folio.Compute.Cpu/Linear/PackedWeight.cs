namespace Folio.Compute.Cpu.Linear;

/// <summary>A matrix in panels, in the memory of its backend.</summary>
internal sealed unsafe class PackedWeight(DType type, int rows, int columns, PanelOps ops, ProductOps product, byte* panels) : Weight(type, rows, columns)
{
    public PanelOps Ops { get; } = ops;

    /// <summary>The way in which it is multiplied: the ops themselves, or one that is faster.</summary>
    public ProductOps Product { get; } = product;

    public byte* Panels { get; } = panels;

    public long PanelBytes { get; } = ops.PanelBytes(columns);

    public override long Bytes => Panel.Count(Rows) * PanelBytes;
}
