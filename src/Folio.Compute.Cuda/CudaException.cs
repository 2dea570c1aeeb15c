namespace Folio.Compute.Cuda;

/// <summary>What a card, its driver or its compiler refused.</summary>
public sealed class CudaException(string message) : FolioException(message);
