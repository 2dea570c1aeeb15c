using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text.Json;

namespace Folio.Tokenization.Tests;

/// <summary>One text and what the reference tokenizer makes of it.</summary>
public sealed record TextVector(int Id, string Text, int[] Ids, int[] IdsSpecial, int[] IdsPlain, string Decoded, string DecodedSkip);

/// <summary>A sequence of ids and its text, and the text of each of its beginnings where given.</summary>
public sealed record IdsVector(string Kind, int[] Ids, string Decoded, string DecodedSkip, string[]? Prefixes);

/// <summary>The reference vectors of one tokenizer, and the tokenizer itself.</summary>
public sealed class Vectors
{
    /// <summary>Names a folder with files that may not be shipped, as NAME.tokenizer.json or NAME.gguf.</summary>
    public const string FolderVariable = "FOLIO_TOKENIZER_FILES";

    public static readonly string[] Supported =
    [
        "gpt2", "cl100k", "llama3", "qwen2_5", "qwen3", "smollm2", "llama2", "mistral_v1_spm", "mistral_v3_spm", "mistral_nemo", "deepseek_v3", "gemma3", "gptoss", "bert_minilm",
    ];

    private static readonly ConcurrentDictionary<string, Tokenizer> Loaded = new();

    private Vectors(Tokenizer tokenizer, JsonElement file)
    {
        Tokenizer = tokenizer;
        Texts = [.. file.GetProperty("vectors").EnumerateArray().Select(ReadText)];
        IdLists = [.. file.GetProperty("detokenise").EnumerateArray().Select(ReadIds)];
        VocabularySize = file.GetProperty("vocab_size").GetInt32();
    }

    public Tokenizer Tokenizer { get; }

    public TextVector[] Texts { get; }

    public IdsVector[] IdLists { get; }

    public int VocabularySize { get; }

    public static TheoryData<string> Names => [.. Supported];

    public static Vectors Of(string name) => new(Loaded.GetOrAdd(name, Load), ReadFile(TestData.Shared("vectors", "tokenizers", name + ".json")));

    public static Vectors Of(Tokenizer tokenizer, string name) => new(tokenizer, ReadFile(TestData.Shared("vectors", "tokenizers", name + ".json")));

    /// <summary>The bytes of a shipped tokenizer.json; skips the running test where it is absent.</summary>
    public static byte[] ReadShipped(string name)
    {
        using var unpacked = new GZipStream(File.OpenRead(TestData.Shared("vectors", "tokenizers", "files", name + ".tokenizer.json.gz")), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        unpacked.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static Tokenizer Load(string name)
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder)
        {
            string json = Path.Combine(folder, name + ".tokenizer.json"), gguf = Path.Combine(folder, name + ".gguf");
            if (File.Exists(json)) return Tokenizer.FromJson(File.ReadAllBytes(json), Path.GetFileName(json));
            if (File.Exists(gguf)) return Tokenizer.FromGguf(GgufMetadata.ReadVocabulary(gguf));
        }

        if (!TestData.SharedNames(Path.Combine("vectors", "tokenizers", "files"), name + ".tokenizer.json.gz").Any())
            Assert.Skip($"the tokenizer of {name} is not shipped; put it as {name}.tokenizer.json or {name}.gguf into a folder and name that in {FolderVariable}");
        return Tokenizer.FromJson(ReadShipped(name), name + ".tokenizer.json");
    }

    private static JsonElement ReadFile(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    private static TextVector ReadText(JsonElement vector)
    {
        int[] ids = Ids(vector, "ids");
        return new TextVector(
            vector.GetProperty("id").GetInt32(), vector.GetProperty("text").GetString()!, ids, Ids(vector, "ids_special"),
            vector.TryGetProperty("ids_plain", out _) ? Ids(vector, "ids_plain") : ids, vector.GetProperty("decoded").GetString()!, vector.GetProperty("decoded_skip").GetString()!);
    }

    private static IdsVector ReadIds(JsonElement vector) => new(
        vector.GetProperty("kind").GetString()!, Ids(vector, "ids"), vector.GetProperty("decoded").GetString()!, vector.GetProperty("decoded_skip").GetString()!,
        vector.TryGetProperty("prefixes", out JsonElement prefixes) ? [.. prefixes.EnumerateArray().Select(prefix => prefix.GetString()!)] : null);

    private static int[] Ids(JsonElement vector, string name) => [.. vector.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}
