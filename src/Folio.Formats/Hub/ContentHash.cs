using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Folio.Formats.Hub;

/// <summary>The hash that a blob is named by, computed while its bytes come: SHA-256, or the SHA-1 of a Git blob ("blob", its size, a zero, its bytes).</summary>
internal sealed class ContentHash : IDisposable
{
    private readonly IncrementalHash _hash;
    private readonly byte[] _head;

    public ContentHash(RemoteFile file)
    {
        bool isGit = file.ETag.Length == 40;
        _hash = IncrementalHash.CreateHash(isGit ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256);
        _head = isGit ? Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {file.Size}\0")) : [];
        _hash.AppendData(_head);
    }

    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    public void Restart()
    {
        _ = _hash.GetHashAndReset();
        _hash.AppendData(_head);
    }

    public string Finish() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();
}
