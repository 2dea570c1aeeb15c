namespace Folio.Compute;

/// <summary>What computes is lost: every later call would fail, so no request can be served any more.</summary>
public class BackendLostException(string message) : FolioException(message);
