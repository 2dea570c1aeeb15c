using System.Security.Cryptography;
using System.Text;

namespace Folio.Server;

/// <summary>A key that opens the server, kept as its SHA-256 digest alone, and whose it is.</summary>
public sealed class TenantKey
{
    /// <param name="tenant">Whose it is: 1 to 64 letters, digits, '.', '_' or '-'. Keys of one tenant share its turns, its cached prompts and its limits.</param>
    /// <param name="digest">[32] SHA-256 of the key's UTF-8.</param>
    /// <exception cref="FolioException">The name or the digest isn't such.</exception>
    public TenantKey(string tenant, ReadOnlySpan<byte> digest)
    {
        if (!IsName(tenant)) throw new FolioException($"a tenant's name has 1 to {MaxNameLength} letters, digits, '.', '_' or '-'.");
        if (digest.Length != SHA256.HashSizeInBytes) throw new FolioException($"a key's digest has {SHA256.HashSizeInBytes} bytes, got {digest.Length}.");
        (Tenant, Digest) = (tenant, digest.ToArray());
    }

    private const int MaxNameLength = 64;

    public string Tenant { get; }

    /// <summary>May pause the server and reset what all tenants have cached.</summary>
    public bool IsAdmin { get; init; }

    internal byte[] Digest { get; }

    public static TenantKey Of(string tenant, string key) => new(tenant, Hash(key));

    /// <summary>Never the key.</summary>
    public override string ToString() => Tenant;

    internal static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private static bool IsName(string name) => name.Length is > 0 and <= MaxNameLength && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');
}
