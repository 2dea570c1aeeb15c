using System.ComponentModel;

namespace Folio.Tests;

/// <summary>Folders of tests with scripts for node and the npm packages that they need.</summary>
internal static class NpmFolder
{
    /// <summary>A copy of a folder under tests with its packages; skips where npm or its registry is absent.</summary>
    public static async Task<string> InstalledAsync(string name)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, name);
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.GetFiles(Path.Combine(TestData.Repository, "tests", name))) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        try
        {
            Command.Result install = await Command.RunAsync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder: folder);
            if (install.ExitCode != 0) Assert.Skip($"npm could not install the packages of {name}: {install.Errors.Trim()}");
        }
        catch (Win32Exception)
        {
            Assert.Skip("npm is not here");
        }

        return folder;
    }
}
