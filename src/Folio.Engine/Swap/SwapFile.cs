namespace Folio.Engine;

/// <summary>Images of blocks in a file of this process alone, one a slot.</summary>
/// <remarks>
/// All of it is reserved when it is made, so a disk without the room is found at start. It leaves no trace, however the process ends: where the system allows it,
/// the file has no name from the beginning (its space goes with the last handle), elsewhere the system deletes it with the handle.
/// </remarks>
internal sealed class SwapFile : IDisposable
{
    private readonly FileStream _stream;
    private readonly string _path;
    private readonly int _bytesPerBlock;

    /// <param name="directory">Made if it isn't there.</param>
    /// <exception cref="FolioException">The file can't be made, or the disk hasn't the room.</exception>
    public SwapFile(string directory, int slots, int bytesPerBlock)
    {
        _path = Path.Combine(directory, $"folio-swap-{Environment.ProcessId}-{Guid.NewGuid():N}");
        _bytesPerBlock = bytesPerBlock;
        long bytes = (long)slots * bytesPerBlock;
        try
        {
            Directory.CreateDirectory(directory);
            _stream = PrivateFile.Create(_path, bytes, FileOptions.RandomAccess | (OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None));
        }
        catch (Exception error) when (PrivateFile.IsRefusal(error))
        {
            throw new FolioException($"{directory}: a swap file of {SizeText.Of(bytes)} can't be made: {error.Message}", error);
        }

        if (!OperatingSystem.IsWindows()) File.Delete(_path);
    }

    /// <exception cref="FolioException">The system can't write it.</exception>
    public void Write(int slot, ReadOnlySpan<byte> image)
    {
        try
        {
            RandomAccess.Write(_stream.SafeFileHandle, image, (long)slot * _bytesPerBlock);
        }
        catch (Exception error) when (PrivateFile.IsRefusal(error))
        {
            throw new FolioException($"{_path}: a swapped block can't be written: {error.Message}", error);
        }
    }

    /// <exception cref="FolioException">The system can't read it.</exception>
    public void Read(int slot, Span<byte> image)
    {
        long offset = (long)slot * _bytesPerBlock;
        try
        {
            while (image.Length > 0)
            {
                int read = RandomAccess.Read(_stream.SafeFileHandle, image, offset);
                if (read == 0) throw new FolioException($"{_path}: a swapped block can't be read: the file ends at byte {offset}.");
                image = image[read..];
                offset += read;
            }
        }
        catch (Exception error) when (PrivateFile.IsRefusal(error))
        {
            throw new FolioException($"{_path}: a swapped block can't be read: {error.Message}", error);
        }
    }

    public void Dispose() => _stream.Dispose();
}
