namespace Folio.Models;

/// <summary>How far loading has come, in the checkpoint's stored tensors and bytes.</summary>
public readonly record struct LoadProgress(int Tensors, int TotalTensors, long Bytes, long TotalBytes);
