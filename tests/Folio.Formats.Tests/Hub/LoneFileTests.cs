using System.ComponentModel;
using System.Diagnostics;
using Folio.Formats.Hub;

namespace Folio.Formats.Tests;

/// <summary>Locks that other programs see: flock(2), which Python's filelock, and so huggingface_hub, takes on the same files.</summary>
public sealed class LoneFileTests
{
    [Fact]
    public async Task A_file_that_another_program_has_locked_is_waited_for()
    {
        using TemporaryFolder folder = TemporaryFolder.With();
        using Process other = Flock(folder.File("x.lock"), "sh", "-c", "echo locked; sleep 1");
        Assert.Equal("locked", await other.StandardOutput.ReadLineAsync());
        bool waited = false;
        using FileStream file = await LoneFile.OpenAsync(folder.File("x.lock"), () => waited = true, TestContext.Current.CancellationToken);
        Assert.True(waited);
        Assert.True(other.WaitForExit(TimeSpan.FromSeconds(5))); // the lock went with it
    }

    [Fact]
    public async Task A_file_that_is_open_here_is_locked_for_other_programs()
    {
        using TemporaryFolder folder = TemporaryFolder.With();
        using FileStream file = await LoneFile.OpenAsync(folder.File("x.lock"), () => { }, TestContext.Current.CancellationToken);
        using Process other = Flock("-n", folder.File("x.lock"), "true");
        await other.WaitForExitAsync();
        Assert.Equal(1, other.ExitCode);
    }

    /// <summary>The program of util-linux; skips where it is absent.</summary>
    private static Process Flock(params string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("flock", arguments) { RedirectStandardOutput = true })!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("flock is not here");
            throw;
        }
    }
}
