using System.Collections.Concurrent;
using System.ComponentModel;

namespace Folio.Tests;

/// <summary>Folders of tests with scripts for node and the npm packages that they need, each installed once.</summary>
internal static class NpmFolder
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<string?>>> s_installed = new(StringComparer.Ordinal);

    /// <summary>A copy of a folder under tests with its packages; skips where npm or its registry is absent.</summary>
    public static async Task<string> InstalledAsync(string name)
    {
        if (await s_installed.GetOrAdd(name, _ => new(() => InstallAsync(name))).Value is { } reason) Assert.Skip(reason);
        return FolderOf(name);
    }

    /// <returns>Why there are no packages; null: there are.</returns>
    private static async Task<string?> InstallAsync(string name)
    {
        string folder = FolderOf(name);
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.GetFiles(Path.Combine(TestData.Repository, "tests", name))) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        try
        {
            Command.Result install = await Command.RunAsync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder: folder);
            return install.ExitCode == 0 ? null : $"npm could not install the packages of {name}: {install.Errors.Trim()}";
        }
        catch (Win32Exception)
        {
            return "npm is not here";
        }
    }

    private static string FolderOf(string name) => Path.Combine(AppContext.BaseDirectory, name);
}
