using System.Text;
using System.Text.Unicode;
using Folio.Tokenization;

namespace Folio.Requests;

/// <summary>How single tokens are shown in log-probabilities. A token may be a part of a character; its bytes are shown then, so no two tokens look alike.</summary>
/// <param name="tokenizer">Null: tokens are shown by their ids.</param>
internal sealed class TokenText(Tokenizer? tokenizer)
{
    public ReadOnlySpan<byte> Bytes(int id) => tokenizer is null ? default : tokenizer.TokenBytes(id);

    public bool IsSpecial(int id) => tokenizer?.IsSpecial(id) ?? false;

    /// <summary>In a completion: OpenAI writes an incomplete character as <c>bytes:\xf0\x9f</c>.</summary>
    public string InCompletion(int id, bool asId) => asId || tokenizer is null ? AsId(id) : Whole(id) ?? $"bytes:{Escaped(Bytes(id))}";

    /// <summary>In a chat: OpenAI writes an incomplete character as <c>\xf0\x9f</c>.</summary>
    public string InChat(int id, bool asId) => asId || tokenizer is null ? AsId(id) : Whole(id) ?? Escaped(Bytes(id));

    public static string AsId(int id) => $"token_id:{id}";

    private string? Whole(int id) => Utf8.IsValid(Bytes(id)) ? Encoding.UTF8.GetString(Bytes(id)) : null;

    private static string Escaped(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(4 * bytes.Length);
        foreach (byte value in bytes) text.Append("\\x").Append(Convert.ToHexStringLower([value]));
        return text.ToString();
    }
}
