using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Folio.Server;

/// <summary>A file of API keys: <c>TENANT KEY [rpm=N] [tpm=N] [concurrent=N] [admin]</c> a line; '#' begins a comment line.</summary>
/// <remarks>
/// KEY may be written <c>sha256:HEX</c>, so that the file needn't hold it. A tenant may have several keys, a line each; its limits stand on the first.
/// Errors name the file and the line, and never quote a word of it: it may be a key.
/// </remarks>
public sealed class KeyFile
{
    private const string DigestMark = "sha256:";
    private const long MaxBytes = 16 << 20;
    private const string Form = "TENANT KEY [rpm=N] [tpm=N] [concurrent=N] [admin] was expected.";

    private readonly List<TenantKey> _keys = [];
    private readonly Dictionary<string, TenantLimits> _limits = new(StringComparer.Ordinal);

    private KeyFile() { }

    public IReadOnlyList<TenantKey> Keys => _keys;

    /// <summary>Of each tenant that has a line.</summary>
    public IReadOnlyDictionary<string, TenantLimits> Limits => _limits;

    /// <exception cref="FolioException">The file can't be read, or a line of it isn't as described.</exception>
    public static KeyFile Read(string path)
    {
        string[] lines = ReadLines(path);
        var file = new KeyFile();
        Dictionary<string, int> tenants = new(StringComparer.Ordinal), digests = new(StringComparer.Ordinal);
        for (int i = 0; i < lines.Length; i++)
        {
            string[] words = lines[i].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0 || words[0].StartsWith('#')) continue;
            try
            {
                file.Add(words, i + 1, tenants, digests);
            }
            catch (FolioException error)
            {
                throw new FolioException($"{path}, line {i + 1}: {error.Message}", error);
            }
        }

        return file._keys.Count > 0 ? file : throw new FolioException($"{path} holds no key: {Form}");
    }

    private void Add(string[] words, int line, Dictionary<string, int> tenants, Dictionary<string, int> digests)
    {
        if (words.Length == 1) throw new FolioException($"a tenant's name and a key are needed, and there is one word: {Form}");
        (TenantLimits limits, bool isAdmin) = ReadRest(words.AsSpan(2));
        var key = new TenantKey(words[0], DigestOf(words[1])) { IsAdmin = isAdmin };
        string digest = Convert.ToHexString(key.Digest);
        if (!digests.TryAdd(digest, line)) throw new FolioException($"the key is that of line {digests[digest]}.");
        if (tenants.TryAdd(key.Tenant, line)) _limits.Add(key.Tenant, limits);
        else if (limits != new TenantLimits()) throw new FolioException($"the tenant's limits stand on line {tenants[key.Tenant]}, for all of its keys.");
        _keys.Add(key);
    }

    private static byte[] DigestOf(string word)
    {
        if (!word.StartsWith(DigestMark, StringComparison.Ordinal)) return TenantKey.Hash(word);
        try
        {
            byte[] digest = Convert.FromHexString(word[DigestMark.Length..]);
            if (digest.Length == SHA256.HashSizeInBytes) return digest;
        }
        catch (FormatException)
        {
            // said below
        }

        throw new FolioException($"{DigestMark} is followed by {2 * SHA256.HashSizeInBytes} hex digits.");
    }

    private static (TenantLimits Limits, bool IsAdmin) ReadRest(ReadOnlySpan<string> words)
    {
        var limits = new TenantLimits();
        bool isAdmin = false;
        for (int i = 0; i < words.Length; i++)
        {
            string[] parts = words[i].Split('=', 2);
            switch (parts[0])
            {
                case "admin" when parts.Length == 1:
                    isAdmin = true;
                    break;
                case "rpm" when limits.RequestsPerMinute is null:
                    limits = limits with { RequestsPerMinute = Number(parts) };
                    break;
                case "tpm" when limits.TokensPerMinute is null:
                    limits = limits with { TokensPerMinute = Number(parts) };
                    break;
                case "concurrent" when limits.ConcurrentRequests is null:
                    limits = limits with { ConcurrentRequests = Number(parts) };
                    break;
                default:
                    throw new FolioException($"word {i + 3} isn't understood, or stands there twice: {Form}");
            }
        }

        return (limits, isAdmin);
    }

    private static int Number(string[] parts) =>
        parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number
        : throw new FolioException($"{parts[0]} is followed by = and a whole number of 1 or more.");

    private static string[] ReadLines(string path)
    {
        if (!File.Exists(path)) throw new FolioException($"{path}: there is no such file.");
        try
        {
            if (new FileInfo(path).Length > MaxBytes) throw new FolioException($"{path} is larger than {MaxBytes} bytes; a file of API keys was expected.");
            return File.ReadAllLines(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        }
        catch (DecoderFallbackException error)
        {
            throw new FolioException($"{path}: the file isn't UTF-8 text.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FolioException($"{path} can't be read: {error.Message}", error);
        }
    }
}
