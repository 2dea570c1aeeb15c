using System.Text.Json;

namespace Folio.Chat;

/// <summary>A function that the model was offered.</summary>
/// <param name="Parameters">The JSON schema of its arguments; null: none was given.</param>
public sealed record ToolDefinition(string Name, JsonElement? Parameters = null);
