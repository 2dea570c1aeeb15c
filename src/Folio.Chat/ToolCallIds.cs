using System.Security.Cryptography;

namespace Folio.Chat;

/// <summary>Names of tool calls, at random.</summary>
public static class ToolCallIds
{
    private const string Alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    /// <summary>vLLM's form: <c>chatcmpl-tool-</c> and 16 hex digits.</summary>
    public static string New() => $"chatcmpl-tool-{RandomNumberGenerator.GetHexString(16, lowercase: true)}";

    /// <summary>Anthropic's form: <c>toolu_</c> and 24 letters and digits.</summary>
    public static string NewAnthropic() => $"toolu_{RandomNumberGenerator.GetString(Alphanumeric, 24)}";

    /// <summary>Mistral's form: its templates refuse a conversation whose ids aren't nine letters and digits.</summary>
    public static string NewMistral() => RandomNumberGenerator.GetString(Alphanumeric, 9);
}
