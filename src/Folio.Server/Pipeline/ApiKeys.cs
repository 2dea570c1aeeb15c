using System.Security.Cryptography;
using System.Text;

namespace Folio.Server;

/// <summary>The keys that open the server, kept as digests and compared in constant time.</summary>
internal sealed class ApiKeys(IEnumerable<string> keys)
{
    private const string Scheme = "Bearer ";

    /// <summary>Bytes of a digest that tell holders apart.</summary>
    private const int HolderBytes = 16;

    private readonly byte[][] _digests = [.. keys.Select(Digest)];

    /// <param name="authorization">The Authorization header.</param>
    /// <param name="holder">A name for whoever has this key, the same after a restart; never the key. "" where no key is asked for.</param>
    public bool Admit(string authorization, out string holder)
    {
        holder = "";
        if (_digests.Length == 0) return true;
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return false;

        byte[] digest = Digest(authorization[Scheme.Length..].Trim());
        bool known = false;
        foreach (byte[] key in _digests) known |= CryptographicOperations.FixedTimeEquals(key, digest);
        if (known) holder = Convert.ToHexStringLower(digest.AsSpan(0, HolderBytes));
        return known;
    }

    private static byte[] Digest(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
