namespace Folio.Chat;

/// <summary>A form in which models write tool calls. Names are those of vLLM's parsers.</summary>
public sealed class ToolFormat
{
    private static readonly CallFrame HermesFrame = new("", "<tool_call>\n{\"name\": \"", "\", \"arguments\": ", "}\n</tool_call>", "\n", "");
    private static readonly CallFrame LlamaFrame = new("", "{\"name\": \"", "\", \"parameters\": ", "}", "; ", "");

    private readonly Func<MessageWriter, ParserOptions, Reader> _newReader;

    private ToolFormat(string name, Func<MessageWriter, ParserOptions, Reader> newReader, string[] marks, CallFrame frame, Func<string>? newCallId = null)
    {
        (Name, _newReader, Marks, Frame) = (name, newReader, marks, frame);
        NewCallId = newCallId ?? ToolCallIds.New;
    }

    public static ToolFormat Hermes { get; } = new("hermes", (message, _) => new HermesReader(message), [HermesReader.Open, HermesReader.Close], HermesFrame);

    public static ToolFormat Qwen3Coder { get; } = Tagged("qwen3_coder", "<tool_call>", "</tool_call>");

    public static ToolFormat SeedOss { get; } = Tagged("seed_oss", "<seed:tool_call>", "</seed:tool_call>");

    public static ToolFormat LlamaJson { get; } = new("llama3_json", (message, _) => new LlamaJsonReader(message), [LlamaJsonReader.Tag], LlamaFrame);

    public static ToolFormat Pythonic { get; } = new("pythonic", (message, _) => new PythonicReader(message), [PythonicReader.Start, PythonicReader.Finish], LlamaFrame) { Forced = LlamaJson };

    public static ToolFormat Mistral { get; } = new(
        "mistral", NewMistralReader, MistralReader.Marks, new("[TOOL_CALLS] [", "{\"name\": \"", "\", \"arguments\": ", "}", ", ", "]"), ToolCallIds.NewMistral);

    /// <summary>Mistral's tokenizers from v11 on.</summary>
    public static ToolFormat MistralNamed { get; } = new("mistral", NewMistralReader, MistralReader.Marks, new("", "[TOOL_CALLS]", "[ARGS]", "", "", ""), ToolCallIds.NewMistral);

    /// <summary>V3 and R1.</summary>
    public static ToolFormat DeepSeekV3 { get; } = DeepSeek("deepseek_v3", $"function{DeepSeekReader.Separator}", "\n```json\n", "\n```");

    public static ToolFormat DeepSeekV31 { get; } = DeepSeek("deepseek_v31", "", DeepSeekReader.Separator, "");

    public static ToolFormat Granite { get; } = new(
        "granite", (message, _) => new GraniteReader(message), [GraniteReader.Mark], new("<|tool_call|>[", "{\"name\": \"", "\", \"arguments\": ", "}", ", ", "]"));

    /// <summary>gpt-oss: its format marks reasoning, too.</summary>
    public static ToolFormat Harmony { get; } = new(
        "openai",
        (message, _) => new HarmonyReader(message),
        HarmonyReader.Marks,
        new("", $"{HarmonyReader.Channel}commentary to=functions.", $" {HarmonyReader.Constrain}json{HarmonyReader.Body}", HarmonyReader.Call, $"{HarmonyReader.Start}assistant", ""));

    /// <summary>By the names of vLLM's parsers.</summary>
    public static IReadOnlyDictionary<string, ToolFormat> ByName { get; } = new SortedDictionary<string, ToolFormat>(StringComparer.Ordinal)
    {
        ["hermes"] = Hermes,
        ["qwen3_coder"] = Qwen3Coder,
        ["qwen3_xml"] = Qwen3Coder,
        ["seed_oss"] = SeedOss,
        ["llama3_json"] = LlamaJson,
        ["llama4_json"] = LlamaJson,
        ["llama4_pythonic"] = Pythonic,
        ["pythonic"] = Pythonic,
        ["mistral"] = Mistral,
        ["deepseek_v3"] = DeepSeekV3,
        ["deepseek_v31"] = DeepSeekV31,
        ["granite"] = Granite,
        ["openai"] = Harmony,
    };

    public string Name { get; }

    /// <summary>Marks that must reach the parser as text, although tokenizers may have them as special tokens.</summary>
    public IReadOnlyList<string> Marks { get; }

    /// <summary>How calls are written that a grammar forces: <see cref="Forced"/> reads them.</summary>
    public CallFrame Frame { get; }

    /// <summary>The format of forced calls: this one, or, where its arguments aren't JSON, another that the same models know.</summary>
    public ToolFormat Forced { get => field ?? this; private init; }

    /// <summary>Names a call as the format's templates expect it.</summary>
    public Func<string> NewCallId { get; }

    /// <summary>The format that a chat template writes former calls in; null: it knows none.</summary>
    public static ToolFormat? Of(string template)
    {
        bool Has(string part) => template.Contains(part, StringComparison.Ordinal);
        return Has(HarmonyReader.Channel) && Has(HarmonyReader.Body) ? Harmony
            : Has(DeepSeekReader.CallsBegin) ? Has("```json") ? DeepSeekV3 : DeepSeekV31
            : Has("[TOOL_CALLS]") ? Has("[ARGS]") ? MistralNamed : Mistral
            : Has("<seed:tool_call>") ? SeedOss
            : Has("<function=") && Has("<parameter=") ? Qwen3Coder
            : Has(GraniteReader.Mark) ? Granite
            : Has("<arg_key>") ? null // GLM's, which isn't read here
            : Has(HermesReader.Open) ? Hermes
            : Has(PythonicReader.Start) || Has("[func_name1(") ? Pythonic
            : Has(LlamaJsonReader.Tag) || Has("Environment: ipython") ? LlamaJson
            : null;
    }

    internal Reader NewReader(MessageWriter message, ParserOptions options) => _newReader(message, options);

    private static MistralReader NewMistralReader(MessageWriter message, ParserOptions options) => new(message);

    private static ToolFormat Tagged(string name, string open, string close) =>
        new(name, (message, options) => new TaggedParametersReader(message, options.Tools ?? [], open, close), [open, close], HermesFrame) { Forced = Hermes };

    private static ToolFormat DeepSeek(string name, string begin, string middle, string end) => new(
        name,
        (message, _) => new DeepSeekReader(message),
        DeepSeekReader.Marks,
        new(DeepSeekReader.CallsBegin, DeepSeekReader.CallBegin + begin, middle, end + DeepSeekReader.CallEnd, "", DeepSeekReader.CallsEnd));
}
