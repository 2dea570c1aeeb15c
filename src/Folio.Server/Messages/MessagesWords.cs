namespace Folio.Server;

/// <summary>The words that fields of Anthropic's API know, for who reads them and who describes them.</summary>
internal static class MessagesWords
{
    public const int LeastThinkingBudget = 1024;
    public const string Enabled = "enabled", Adaptive = "adaptive", Disabled = "disabled", Omitted = "omitted";

    /// <summary>The system may speak in the middle too, as at Anthropic since 2026.</summary>
    public static readonly string[] Roles = ["user", "assistant", "system"];

    public static readonly string[] Efforts = ["low", "medium", "high", "xhigh", "max"];
    public static readonly string[] Displays = ["summarized", Omitted];
}
