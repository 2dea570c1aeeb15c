namespace Folio.Requests;

/// <summary>Whose key opened a route.</summary>
/// <param name="Name">The tenant, or a name made of the key's digest: the same after a restart, never the key. "" where no key is asked for.</param>
/// <param name="IsAdmin">Marked as an admin's.</param>
/// <param name="Allowance">Null: no limits.</param>
internal sealed record Holder(string Name, bool IsAdmin, Allowance? Allowance)
{
    /// <summary>Whoever comes where no key is asked for.</summary>
    public static Holder Anybody { get; } = new("", IsAdmin: false, Allowance: null);
}
