namespace Folio;

/// <summary>Files of blocks and of packed weights: they hold what people wrote, or a model that may be confidential, so nobody but their owner may read them, and they are large, so their room is reserved when they are made.</summary>
internal static class PrivateFile
{
    /// <param name="bytes">What will be written. A disk without the room refuses at once, where the file system can tell.</param>
    public static FileStream Create(string path, long bytes, FileOptions options)
    {
        var how = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Delete,
            Options = options,
            BufferSize = 0,
            PreallocationSize = bytes,
        };
        if (!OperatingSystem.IsWindows()) how.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, how);
    }

    /// <summary>Whether an exception is the system's refusal to make, read or write a file, rather than a defect.</summary>
    public static bool IsRefusal(Exception error) => error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;
}
