using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Folio.Chat;
using Folio.Engine;
using Folio.Tokenization;
using Folio.Tokenization.Templates;

namespace Folio.Requests;

/// <summary>The engine's model as clients see it: its names, its fingerprint and the bounds that protect it.</summary>
internal sealed class ServedModel
{
    private readonly Func<LlmEngine> _engine;
    private int _longestToken; // 0: not known yet, or there is none

    public ServedModel(LlmEngine engine, ServedModelOptions options)
        : this(() => engine, options) => Prepare();

    /// <param name="engine">Throws while there is none; nothing that is asked of the model can be answered then.</param>
    /// <param name="options">How the model is presented.</param>
    public ServedModel(Func<LlmEngine> engine, ServedModelOptions options)
    {
        (_engine, Options) = (engine, options);
        Created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    }

    public static string Version { get; } =
        typeof(ServedModel).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    public LlmEngine Engine => _engine();

    public ServedModelOptions Options { get; }

    public ModelInfo Info => Engine.Model;

    public IReadOnlyList<string> Names => field ??= Options.ServedModelNames.Count > 0 ? [.. Options.ServedModelNames] : [Info.Name];

    /// <summary>Unix time of the server's start.</summary>
    public long Created { get; }

    /// <summary>OpenAI's system_fingerprint: changes with this server's version and the model.</summary>
    public string Fingerprint => field ??= FingerprintOf(Engine);

    public TokenText Tokens => field ??= new(Info.Tokenizer);

    /// <summary>The operator's chat template, or the model's; null: there is none that can be used.</summary>
    public ChatTemplate? Template => Options.ChatTemplate is null ? Info.ChatTemplate : field ??= ParseTemplate(Options.ChatTemplate);

    /// <summary>How the model writes its messages.</summary>
    public MessageFormat Format => field ??= ChatFormats.For(Template?.Source ?? "", Options);

    /// <summary>Bytes of the vocabulary's longest token.</summary>
    private int LongestToken => _longestToken > 0 ? _longestToken : _longestToken = Info.Tokenizer is { } tokenizer ? LongestTokenOf(tokenizer) : 0;

    /// <summary>Works out, once the engine is there, what the first request would wait for, and what an option says wrongly.</summary>
    /// <exception cref="FolioException">An option names no parser, or the operator's template can't be parsed.</exception>
    public void Prepare() => _ = (Names, Fingerprint, Format, LongestToken);

    /// <summary>The name to answer with: the one asked for, or the first where none was.</summary>
    /// <exception cref="ApiException">404: it isn't served here.</exception>
    public string Resolve(string? name) => name is null ? Names[0]
        : Names.Contains(name, StringComparer.Ordinal) ? name
        : throw ApiException.NotFound($"The model `{Fields.Cut(name, 100)}` does not exist. This server has: {string.Join(", ", Names)}.", "model");

    /// <exception cref="ApiException">The model has no tokenizer.</exception>
    public Tokenizer RequireTokenizer(string parameter) =>
        Info.Tokenizer ?? throw ApiException.BadRequest("This model has no tokenizer: send token ids instead of text.", parameter);

    /// <summary>A raw prompt's ids: marks such as &lt;|im_end|&gt; become their special ids.</summary>
    public int[] Encode(string text, bool addSpecial, AnswerFields answer, string parameter)
    {
        Tokenizer tokenizer = RequireTokenizer(parameter);
        RequireEncodable(text, answer.TruncatePromptTokens, parameter);
        return answer.Truncate(tokenizer.Encode(text, addSpecial), Info.MaxModelLen);
    }

    /// <summary>A text's ids, to be embedded.</summary>
    /// <param name="truncate">Keep so many tokens, the first, and those that the model puts around them; −1: as many as the context holds; null: all.</param>
    public int[] EncodeInput(string text, bool addSpecial, int? truncate, string parameter)
    {
        Tokenizer tokenizer = RequireTokenizer(parameter);
        RequireEncodable(text, truncate, parameter);
        return tokenizer.EncodeFirst(text, MostTokens(truncate), addSpecial);
    }

    /// <summary>Tokens that a truncation keeps.</summary>
    public int MostTokens(int? truncate) => truncate switch
    {
        null => int.MaxValue,
        -1 => Info.MaxModelLen,
        int most => most,
    };

    /// <summary>A prompt's text, to be put in front of its answer; "" for ids without a tokenizer.</summary>
    public string EchoOf(Prompt prompt, bool skipSpecialTokens) => prompt.Text ?? Info.Tokenizer?.Decode(prompt.Ids, skipSpecialTokens) ?? "";

    /// <summary>Refuses, before any work is spent on it, a text that no number of tokens the context holds can spell.</summary>
    /// <param name="truncate">Tokens that are kept of it; null: all.</param>
    public void RequireEncodable(string text, int? truncate, string parameter)
    {
        long most = truncate is null ? (long)LongestToken * Info.MaxModelLen : Options.MaxTokenizeLength;
        if (text.Length <= most) return;
        throw new ApiException(400, $"This model's maximum context length is {Info.MaxModelLen} tokens. However, your prompt has {text.Length} characters; more than {most} are not accepted.", parameter) { IsPromptTooLong = true };
    }

    private static ChatTemplate ParseTemplate(string source)
    {
        try
        {
            return ChatTemplate.Parse(source);
        }
        catch (TemplateException error)
        {
            throw new FolioException($"the chat template can't be used: {error.Message}", error);
        }
    }

    private static int LongestTokenOf(Tokenizer tokenizer)
    {
        int longest = 1;
        for (int id = 0; id < tokenizer.VocabularySize; id++) longest = int.Max(longest, tokenizer.TokenBytes(id).Length);
        return longest;
    }

    private static string FingerprintOf(LlmEngine engine)
    {
        string identity = $"{engine.Model.Name}|{engine.Model.Architecture}|{engine.Model.VocabularySize}|{engine.Plan.WeightBytes}";
        return $"folio-{Version}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)).AsSpan(0, 4))}";
    }
}
