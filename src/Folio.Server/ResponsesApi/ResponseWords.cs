namespace Folio.Server;

/// <summary>The words that fields of the Responses API know, for who reads them and who describes them.</summary>
internal static class ResponseWords
{
    public const string Logprobs = "message.output_text.logprobs", EncryptedReasoning = "reasoning.encrypted_content";

    public static readonly string[] Include = [Logprobs, EncryptedReasoning];
    public static readonly string[] Efforts = ChatPrompt.Efforts;
    public static readonly string[] Summaries = ["auto", "concise", "detailed"];

    /// <summary>As a list in JSON.</summary>
    public static string Json(string[] words) => $"[\"{string.Join("\",\"", words)}\"]";

    /// <summary>The same with null.</summary>
    public static string JsonOrNull(string[] words) => $"{Json(words)[..^1]},null]";
}
