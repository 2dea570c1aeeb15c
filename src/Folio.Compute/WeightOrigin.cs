namespace Folio.Compute;

/// <summary>Whose weights are packed.</summary>
/// <param name="Place">Where the checkpoint lies: it stays when the weights change.</param>
/// <param name="Content">A text that changes with the weights.</param>
public sealed record WeightOrigin(string Place, string Content);
