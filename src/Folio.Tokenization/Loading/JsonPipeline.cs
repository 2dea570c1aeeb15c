using System.Text;
using System.Text.Json;
using Folio.Tokenization.Decoding;
using Folio.Tokenization.Normalizing;
using Folio.Tokenization.PreTokenizing;
using Folio.Tokenization.WordPiece;

namespace Folio.Tokenization.Loading;

/// <summary>What a tokenizer.json does to a text before and after the model: normalizer, pre_tokenizer, post_processor, decoder.</summary>
internal sealed class JsonPipeline(TokenizerParts parts)
{
    private const int MaxDepth = 16;

    /// <summary>The vocabulary is written in the byte alphabet.</summary>
    public bool IsByteLevel { get; private set; }

    public void ReadNormalizer(JsonElement element)
    {
        foreach (JsonElement step in Flatten(element, "normalizers"))
        {
            switch (step.Text("type"))
            {
                case "NFC": parts.Normalizers.Add(new ComposeStep()); break;
                case "Prepend": parts.Normalizers.Add(new PrependStep(step.Text("prepend"))); break;
                case "Replace": parts.Normalizers.Add(new ReplaceStep(PlainPattern(step), step.Text("content"))); break;
                case "BertNormalizer": ReadBertNormalizer(step); break;
                case var kind: throw new TokenizerException($"normalizer '{kind}' is not supported; supported: NFC, Prepend, Replace, BertNormalizer.");
            }
        }
    }

    public void ReadPreTokenizer(JsonElement element)
    {
        foreach (JsonElement step in Flatten(element, "pretokenizers"))
        {
            switch (step.Text("type"))
            {
                case "ByteLevel": ReadByteLevel(step); break;
                case "Split": parts.Splitters.Add(new Splitter(Pattern(step), Behavior(step), step.Flag("invert"))); break;
                case "Digits": parts.Splitters.Add(new Splitter(step.Flag("individual_digits") ? SplitPatterns.SingleDigits : SplitPatterns.DigitRuns)); break;
                case "WhitespaceSplit": parts.Splitters.Add(new Splitter(@"\s+", SplitBehavior.Removed)); break;
                case "Metaspace": ReadMetaspace(step); break;
                case "BertPreTokenizer": parts.Splitters.AddRange(BertPieces.Splitters()); break;
                case var kind: throw new TokenizerException($"pre_tokenizer '{kind}' is not supported; supported: ByteLevel, Split, Digits, WhitespaceSplit, Metaspace, BertPreTokenizer.");
            }
        }
    }

    public void ReadPostProcessor(JsonElement element)
    {
        foreach (JsonElement step in Flatten(element, "processors"))
        {
            switch (step.Text("type"))
            {
                case "ByteLevel": break;    // moves offsets only
                case "TemplateProcessing": ReadTemplate(step); break;
                case "RobertaProcessing" or "BertProcessing":
                    parts.Prefix = [.. parts.Prefix, .. TokenAndId(step, "cls")];
                    parts.Suffix = [.. TokenAndId(step, "sep"), .. parts.Suffix];
                    break;
                case var kind: throw new TokenizerException($"post_processor '{kind}' is not supported; supported: ByteLevel, TemplateProcessing, RobertaProcessing, BertProcessing.");
            }
        }

        foreach (int id in (int[])[.. parts.Prefix, .. parts.Suffix])
        {
            if (!parts.Vocabulary.Contains(id)) throw new TokenizerException($"the post_processor names token id {id}, which the vocabulary lacks.");
        }

        if (parts.Prefix.Length > 0) parts.BosId = parts.Prefix[0];
        if (parts.Suffix.Length > 0) parts.EosId = parts.Suffix[^1];
    }

    public void ReadDecoder(JsonElement element)
    {
        string mark = "▁";
        bool byteFallback = false;
        int strip = 0;
        TokenDecoder? words = null;
        foreach (JsonElement step in Flatten(element, "decoders"))
        {
            switch (step.Text("type"))
            {
                case "ByteLevel": IsByteLevel = true; break;
                case "Replace" when step.Text("content") == " ": mark = PlainPattern(step); break;
                case "ByteFallback": byteFallback = true; break;
                case "Fuse": break;
                case "WordPiece": words = new WordPieceDecoder(step.OptionalText("prefix") ?? WordPieceModel.UsualPrefix, step.Flag("cleanup", otherwise: true)); break;
                case "Strip" when step.Text("content") == " " && step.Number("stop") == 0: strip = step.Number("start"); break;
                case "Metaspace":
                    mark = step.Text("replacement");
                    strip = Scheme(step) == PrependScheme.Never ? 0 : 1;
                    break;
                case var kind: throw new TokenizerException($"decoder '{kind}' is not supported in this form: {step.GetRawText()}.");
            }
        }

        parts.Decoder = words ?? (IsByteLevel ? new ByteLevelDecoder() : new SentencePieceDecoder(mark, byteFallback, strip));
    }

    private void ReadBertNormalizer(JsonElement step)
    {
        bool lowercase = step.Flag("lowercase", otherwise: true);
        parts.Normalizers.Add(new BertStep(step.Flag("clean_text", otherwise: true), step.Flag("handle_chinese_chars", otherwise: true), step.Flag("strip_accents", otherwise: lowercase), lowercase));
    }

    private void ReadByteLevel(JsonElement step)
    {
        IsByteLevel = true;
        if (step.Flag("add_prefix_space", otherwise: true)) AddTextStep(new PrefixSpaceStep());
        if (step.Flag("use_regex", otherwise: true)) parts.Splitters.Add(new Splitter(SplitPatterns.Gpt2));
    }

    private void ReadMetaspace(JsonElement step)
    {
        string replacement = step.Text("replacement");
        AddTextStep(new MetaspaceStep(replacement, Scheme(step)));
        if (step.Flag("split", otherwise: true)) parts.Splitters.Add(new Splitter(Escape(replacement), SplitBehavior.MergedWithNext));
    }

    private void AddTextStep(TextStep step)
    {
        if (parts.Splitters.Count > 0) throw new TokenizerException("a pre_tokenizer that changes the text is only supported before those that split it.");
        parts.BeforeSplitting.Add(step);
    }

    private void ReadTemplate(JsonElement step)
    {
        JsonElement tokens = step.Field("special_tokens") ?? throw new TokenizerException("TemplateProcessing lacks 'special_tokens'.");
        List<int> before = [], after = [];
        bool seenText = false;
        foreach (JsonElement item in step.List("single"))
        {
            if (item.Field("SpecialToken") is not { } special)
            {
                seenText = true;
                continue;
            }

            JsonElement token = tokens.Field(special.Text("id")) ?? throw new TokenizerException($"TemplateProcessing lacks the special token '{special.Text("id")}'.");
            foreach (JsonElement id in token.List("ids")) (seenText ? after : before).Add(id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out int value) ? value : -1);
        }

        parts.Prefix = [.. before, .. parts.Prefix];
        parts.Suffix = [.. parts.Suffix, .. after];
    }

    private static int[] TokenAndId(JsonElement step, string name)
    {
        JsonElement[] pair = [.. step.List(name)];
        return pair.Length == 2 && pair[1].ValueKind == JsonValueKind.Number && pair[1].TryGetInt32(out int id) ? [id] : throw new TokenizerException($"'{name}' is expected to be a token and its id.");
    }

    private static PrependScheme Scheme(JsonElement step) => step.OptionalText("prepend_scheme") switch
    {
        null => step.Flag("add_prefix_space", otherwise: true) ? PrependScheme.Always : PrependScheme.Never,
        "always" => PrependScheme.Always,
        "first" => PrependScheme.First,
        "never" => PrependScheme.Never,
        var scheme => throw new TokenizerException($"prepend_scheme '{scheme}' is not known; expected always, first or never."),
    };

    private static SplitBehavior Behavior(JsonElement step) => step.Text("behavior") switch
    {
        "Isolated" => SplitBehavior.Isolated,
        "Removed" => SplitBehavior.Removed,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        var behavior => throw new TokenizerException($"split behavior '{behavior}' is not known."),
    };

    private static string Pattern(JsonElement step)
    {
        JsonElement pattern = step.Field("pattern") ?? throw new TokenizerException("'pattern' is missing.");
        return pattern.OptionalText("Regex") ?? Escape(pattern.Text("String"));
    }

    private static string PlainPattern(JsonElement step)
    {
        JsonElement pattern = step.Field("pattern") ?? throw new TokenizerException("'pattern' is missing.");
        string text = pattern.Field("String") is null ? throw new TokenizerException("Replace with a regular expression is not supported.") : pattern.Text("String");
        return text.Length > 0 ? text : throw new TokenizerException("Replace has an empty pattern.");
    }

    private static string Escape(string literal)
    {
        var escaped = new StringBuilder();
        foreach (char c in literal)
        {
            if (char.IsAscii(c) && !char.IsAsciiLetterOrDigit(c)) escaped.Append('\\');
            escaped.Append(c);
        }

        return escaped.ToString();
    }

    /// <summary>The steps of an element: itself, or those of a Sequence, or none.</summary>
    private static IEnumerable<JsonElement> Flatten(JsonElement element, string listName, int depth = 0)
    {
        if (element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined) return [];
        if (element.Text("type") != "Sequence") return [element];
        if (depth == MaxDepth) throw new TokenizerException($"'{listName}' are nested too deeply.");
        return element.List(listName).SelectMany(inner => Flatten(inner, listName, depth + 1));
    }
}
