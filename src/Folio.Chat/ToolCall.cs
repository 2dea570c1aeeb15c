namespace Folio.Chat;

/// <summary>A call that a model asks for.</summary>
/// <param name="Arguments">JSON text, as the model wrote it; where the answer was cut off or went wrong, only its beginning, or no JSON at all.</param>
public sealed record ToolCall(string Id, string Name, string Arguments);
