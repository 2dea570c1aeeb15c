using System.Text.Json;

namespace Folio.Grammars;

/// <summary>One schema of a document.</summary>
/// <param name="Path">Where it stands, as a JSON pointer from the document's root.</param>
/// <param name="Base">What references in it are relative to.</param>
/// <param name="Derived">It was written by the compiler (a negation); its properties count as evaluated by nobody.</param>
internal sealed record SchemaNode(int Id, JsonElement Element, string Path, Uri Base, bool Derived)
{
    public bool IsTrue => Element.ValueKind == JsonValueKind.True;

    public bool IsFalse => Element.ValueKind == JsonValueKind.False;

    public JsonElement? Get(string keyword) => Element.ValueKind == JsonValueKind.Object && Element.TryGetProperty(keyword, out JsonElement value) ? value : null;

    public bool Has(string keyword) => Get(keyword) is not null;

    public GrammarException Error(string what) => new($"the schema can't be used: {what} (at #{Path}).");

    public GrammarException Unsupported(string what) => Error($"{what} isn't supported");

    /// <summary>A keyword's number that counts something; null: it is absent.</summary>
    public int? Count(string keyword)
    {
        if (Get(keyword) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Number) throw Error($"{keyword} must be a number");
        DecimalNumber number = DecimalNumber.Of(value);
        if (!number.IsInteger || number.Mantissa.Sign < 0) throw Error($"{keyword} must be a whole number of 0 or more");
        return number.Mantissa > int.MaxValue - 1 ? int.MaxValue - 1 : (int)number.Mantissa;
    }

    public bool Equals(SchemaNode? other) => other?.Id == Id;

    public override int GetHashCode() => Id;
}
