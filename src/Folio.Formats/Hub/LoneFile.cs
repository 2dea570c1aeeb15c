namespace Folio.Formats.Hub;

/// <summary>Files that one process at a time has open: flock on Unix, as in Python's filelock, so huggingface_hub waits for Folio and Folio for it.</summary>
internal static class LoneFile
{
    private const int LinuxWouldBlock = 11, MacWouldBlock = 35, WindowsSharingViolation = unchecked((int)0x80070020), WindowsLockViolation = unchecked((int)0x80070021);

    private static readonly TimeSpan s_firstLook = TimeSpan.FromMilliseconds(50), s_look = TimeSpan.FromMilliseconds(500);

    /// <summary>Opens or makes a file, and waits for as long as another process has it.</summary>
    /// <param name="waiting">Called once, if it must wait.</param>
    public static async Task<FileStream> OpenAsync(string path, Action waiting, CancellationToken cancellation)
    {
        for (int look = 0; ; look++)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            }
            catch (IOException e) when (e.HResult is LinuxWouldBlock or MacWouldBlock or WindowsSharingViolation or WindowsLockViolation)
            {
                if (look == 2) waiting();
                await Task.Delay(look < 2 ? s_firstLook : s_look, cancellation);
            }
        }
    }
}
