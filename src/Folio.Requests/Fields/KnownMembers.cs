using System.Text.Json;

namespace Folio.Requests;

/// <summary>Objects of a request whose members are known: none is ignored in silence.</summary>
internal static class KnownMembers
{
    /// <param name="fields">What the client has sent.</param>
    /// <param name="known">The members that are read, and those that change nothing.</param>
    /// <exception cref="ApiException">It has another one, which isn't null.</exception>
    public static void RequireKnown(this Fields fields, params ReadOnlySpan<string> known) => fields.RequireKnown(null, known);

    /// <param name="fields">As above.</param>
    /// <param name="isKnownToo">Whether a member that isn't listed may be there all the same; null: none may.</param>
    /// <param name="known">As above.</param>
    public static void RequireKnown(this Fields fields, Func<string, bool>? isKnownToo, ReadOnlySpan<string> known)
    {
        foreach (JsonProperty member in fields.Element.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null || known.Contains(member.Name) || isKnownToo?.Invoke(member.Name) == true) continue;
            string path = fields.Path(Fields.Cut(member.Name));
            throw ApiException.BadRequest($"{path} isn't supported; {string.Join(", ", known)} are.", path);
        }
    }
}
