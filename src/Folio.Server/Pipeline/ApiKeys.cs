using System.Security.Cryptography;
using System.Text;

namespace Folio.Server;

/// <summary>The keys that open the server, kept as digests and compared in constant time.</summary>
internal sealed class ApiKeys(IEnumerable<string> keys)
{
    private const string Scheme = "Bearer ";

    private readonly byte[][] _digests = [.. keys.Select(Digest)];

    /// <param name="authorization">The Authorization header.</param>
    public bool Admit(string authorization)
    {
        if (_digests.Length == 0) return true;
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return false;

        byte[] digest = Digest(authorization[Scheme.Length..].Trim());
        bool known = false;
        foreach (byte[] key in _digests) known |= CryptographicOperations.FixedTimeEquals(key, digest);
        return known;
    }

    private static byte[] Digest(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
