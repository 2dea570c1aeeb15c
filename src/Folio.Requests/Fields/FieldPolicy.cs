using System.Collections.Frozen;
using System.Text.Json;

namespace Folio.Requests;

/// <summary>What a route does with each field of its body. No field is ignored in silence: one that would change the answer and can't is refused by name.</summary>
/// <param name="read">Fields that the route reads.</param>
/// <param name="inert">Fields of OpenAI's or vLLM's API that change nothing in an answer here.</param>
/// <param name="refused">Fields of OpenAI's or vLLM's API that this server can't honour, with what to say.</param>
internal sealed class FieldPolicy(IEnumerable<string> read, IEnumerable<string> inert, IReadOnlyDictionary<string, string> refused)
{
    private readonly FrozenSet<string> _accepted = read.Concat(inert).ToFrozenSet(StringComparer.Ordinal);
    private readonly FrozenSet<string> _inert = inert.ToFrozenSet(StringComparer.Ordinal);
    private readonly FrozenDictionary<string, string> _refused = refused.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Names of the fields that are read or inert.</summary>
    public IEnumerable<string> Accepted => _accepted;

    /// <summary>Names of the fields that are refused with a reason.</summary>
    public IEnumerable<string> Refused => _refused.Keys;

    /// <exception cref="ApiException">The first field that is refused or unknown, or that changes nothing and has the wrong type.</exception>
    public void Check(Fields body)
    {
        foreach (JsonProperty field in body.Element.EnumerateObject())
        {
            if (_inert.Contains(field.Name)) InertFields.Check(body, field.Name);
            if (_accepted.Contains(field.Name) || (field.Value.ValueKind == JsonValueKind.Null && _refused.ContainsKey(field.Name))) continue;
            string name = Fields.Cut(field.Name);
            throw ApiException.BadRequest(_refused.TryGetValue(field.Name, out string? reason) ? reason : $"Unrecognized request argument supplied: {name}.", name);
        }
    }
}
