using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>The keys that open the server, kept as digests and compared in constant time.</summary>
internal sealed class ApiKeys
{
    private const string Scheme = "Bearer ";

    /// <summary>Bytes of a digest that tell holders without a name apart.</summary>
    private const int HolderBytes = 16;

    private readonly ApiOptions _options;
    private readonly Dictionary<string, Allowance> _allowances = new(StringComparer.Ordinal);
    private readonly (byte[] Digest, Holder Holder)[] _keys;

    public ApiKeys(ApiOptions options, TimeProvider? clock = null)
    {
        _options = options;
        foreach ((string tenant, TenantLimits limits) in options.TenantLimits)
        {
            if (limits != new TenantLimits()) _allowances.Add(tenant, new(limits, clock ?? TimeProvider.System));
        }

        _keys =
        [
            .. options.TenantKeys.Select(key => (key.Digest, new Holder(key.Tenant, key.IsAdmin, _allowances.GetValueOrDefault(key.Tenant)))),
            .. options.ApiKeys.Select(TenantKey.Hash).Select(digest => (digest, new Holder(Convert.ToHexStringLower(digest.AsSpan(0, HolderBytes)), IsAdmin: false, Allowance: null))),
        ];
        Holders = _keys.Select(key => key.Holder.Name).Distinct(StringComparer.Ordinal).Count();
    }

    /// <summary>Whether a key is asked for.</summary>
    public bool AreAsked => _keys.Length > 0;

    /// <summary>How many there are to tell apart.</summary>
    public int Holders { get; }

    /// <summary>Whether some of their holders must learn nothing of what others have asked.</summary>
    public bool KeepApart => !_options.SharePrefixCache && AreSeveral;

    /// <summary>More than one may ask, as far as is known here.</summary>
    private bool AreSeveral => Holders > 1 || _options.Identify is not null;

    /// <summary>Who asks.</summary>
    /// <returns>Null: nobody who may.</returns>
    public Holder? Find(HttpContext context)
    {
        if (_options.Identify is { } identify) return identify(context) is { Name.Length: > 0 } asker ? new(asker.Name, asker.IsAdmin, _allowances.GetValueOrDefault(asker.Name)) : null;
        IHeaderDictionary headers = context.Request.Headers;
        return Find(Sent(headers.Authorization.ToString(), headers["x-api-key"].ToString()));
    }

    /// <param name="sent">The key, as <see cref="Sent"/> finds it.</param>
    /// <returns>Null: no key, or none of these.</returns>
    public Holder? Find(string? sent)
    {
        if (!AreAsked) return Holder.Anybody;
        if (sent is null) return null;
        byte[] digest = TenantKey.Hash(sent);
        Holder? found = null;
        foreach ((byte[] known, Holder holder) in _keys) // all of them, whichever it is
        {
            if (CryptographicOperations.FixedTimeEquals(known, digest)) found ??= holder;
        }

        return found;
    }

    /// <summary>Whether the holder may do what touches everybody: a key marked as an admin's may, and whoever is alone.</summary>
    public bool MayAdminister(Holder holder) => holder.IsAdmin || !AreSeveral;

    /// <summary>The key of a request: <c>Authorization: Bearer KEY</c>, as OpenAI's clients send it, or <c>x-api-key: KEY</c>, as Anthropic's do.</summary>
    /// <returns>Null: there is none.</returns>
    public static string? Sent(string authorization, string apiKey) =>
        authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? authorization[Scheme.Length..].Trim()
        : authorization.Length == 0 && apiKey.Length > 0 ? apiKey.Trim()
        : null;
}
