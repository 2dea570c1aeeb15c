namespace Folio.Chat;

/// <summary>The marks between which models write their reasoning. Names are those of vLLM's parsers.</summary>
public sealed class ReasoningFormat
{
    private ReasoningFormat(string name, string[] opens, string[] closes) => (Name, Opens, Closes) = (name, opens, closes);

    /// <summary>DeepSeek R1, Qwen 3, QwQ and most others.</summary>
    public static ReasoningFormat Think { get; } = new("deepseek_r1", ["<think>"], ["</think>"]);

    public static ReasoningFormat Mistral { get; } = new("mistral", ["[THINK]"], ["[/THINK]"]);

    public static ReasoningFormat SeedOss { get; } = new("seed_oss", ["<seed:think>"], ["</seed:think>"]);

    /// <summary>Granite 3.2 writes phrases.</summary>
    public static ReasoningFormat Granite { get; } = new(
        "granite", ["Here is my thought process:", "Here's my thought process:"], ["Here is my response:", "Here's my response:"]);

    /// <summary>gpt-oss: channels, which <see cref="ToolFormat.Harmony"/> reads.</summary>
    public static ReasoningFormat Harmony { get; } = new("openai_gptoss", [], []);

    /// <summary>By the names of vLLM's parsers.</summary>
    public static IReadOnlyDictionary<string, ReasoningFormat> ByName { get; } = new SortedDictionary<string, ReasoningFormat>(StringComparer.Ordinal)
    {
        ["deepseek_r1"] = Think,
        ["deepseek_v3"] = Think,
        ["glm45"] = Think,
        ["granite"] = Granite,
        ["mistral"] = Mistral,
        ["openai_gptoss"] = Harmony,
        ["qwen3"] = Think,
        ["seed_oss"] = SeedOss,
    };

    public string Name { get; }

    /// <summary>Any of these opens the reasoning.</summary>
    public IReadOnlyList<string> Opens { get; }

    /// <summary>Any of these closes it.</summary>
    public IReadOnlyList<string> Closes { get; }

    /// <summary>The format whose marks a chat template has; null: none.</summary>
    public static ReasoningFormat? Of(string template)
    {
        bool Has(string part) => template.Contains(part, StringComparison.Ordinal);
        return ToolFormat.Of(template) == ToolFormat.Harmony ? Harmony
            : Has("<seed:think>") ? SeedOss
            : Has("Here is my thought process:") ? Granite
            : Has("[THINK]") ? Mistral
            : Has("<think>") || Has("</think>") ? Think
            : null;
    }
}
