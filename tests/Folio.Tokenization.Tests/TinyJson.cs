using System.Text;

namespace Folio.Tokenization.Tests;

/// <summary>A tokenizer.json of four tokens, for tests that change one thing in it.</summary>
internal static class TinyJson
{
    public static string Write(string vocab = """{"a":0,"b":1,"bb":2,"Ġ":3}""", string merges = """["b b"]""", string addedTokens = "[]", string preTokenizer = """{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}""", string type = "BPE", string normalizer = "null", string postProcessor = "null", string more = "") =>
        $$"""
        {"added_tokens":{{addedTokens}},"normalizer":{{normalizer}},"pre_tokenizer":{{preTokenizer}},"post_processor":{{postProcessor}},"decoder":{"type":"ByteLevel"},
         "model":{"type":"{{type}}"{{more}},"vocab":{{vocab}},"merges":{{merges}} } }
        """;

    public static Tokenizer Load(string addedTokens) => Load(json: Write(addedTokens: addedTokens));

    public static Tokenizer Load(ReadOnlySpan<char> json)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(json)];
        Encoding.UTF8.GetBytes(json, bytes);
        return Tokenizer.FromJson(bytes, "tiny.json");
    }
}
