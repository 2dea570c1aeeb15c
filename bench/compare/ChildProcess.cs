using System.Diagnostics;

namespace Folio.Compare;

/// <summary>Another program's run, from start to end.</summary>
internal static class ChildProcess
{
    private static readonly List<Process> s_started = [];

    /// <summary>Whatever ends this program, no server stays behind.</summary>
    static ChildProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) => EndAll();

    /// <param name="withErrors">Its standard error follows.</param>
    /// <returns>Its standard output.</returns>
    /// <exception cref="FolioException">It can't be started or fails.</exception>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, bool withErrors = false)
    {
        Process process = Start(program, arguments);
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return process.ExitCode == 0 ? withErrors ? output + await errors : output : throw Failed(process, await errors);
        }
        finally
        {
            End(process);
        }
    }

    /// <returns>Seconds from its start to its first byte of standard output.</returns>
    public static async Task<double> TimeToFirstByteAsync(string program, IEnumerable<string> arguments)
    {
        long start = Stopwatch.GetTimestamp();
        Process process = Start(program, arguments);
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync();
            int read = await process.StandardOutput.BaseStream.ReadAsync(new byte[1]);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            await process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
            await process.WaitForExitAsync();
            return read == 1 && process.ExitCode == 0 ? seconds : throw Failed(process, await errors);
        }
        finally
        {
            End(process);
        }
    }

    public static Process Start(string program, IEnumerable<string> arguments)
    {
        try
        {
            Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
            lock (s_started) s_started.Add(process);
            return process;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new FolioException($"{program} can't be started: {error.Message}", error);
        }
    }

    /// <summary>Ends the process if it runs, and forgets it.</summary>
    public static void End(Process process)
    {
        lock (s_started) s_started.Remove(process);
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }

    public static FolioException Failed(Process process, string errors)
    {
        string last = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault("it said nothing");
        return new($"{Command(process.StartInfo.FileName, process.StartInfo.ArgumentList)} ended with {process.ExitCode}: {last}");
    }

    private static void EndAll()
    {
        Process[] left;
        lock (s_started) left = [.. s_started];
        foreach (Process process in left) End(process);
    }

    /// <summary>The command without folders: what a reader needs to repeat it.</summary>
    public static string Command(string program, IEnumerable<string> arguments) =>
        string.Join(' ', arguments.Prepend(program).Select(part => part.StartsWith('/') || part.StartsWith('.') ? Path.GetFileName(part) : part.Contains(' ') ? $"\"{part}\"" : part));
}
