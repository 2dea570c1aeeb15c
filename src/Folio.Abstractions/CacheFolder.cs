namespace Folio;

/// <summary>Where this user's programs keep what they can make anew.</summary>
public static class CacheFolder
{
    /// <summary>folio/NAME in $XDG_CACHE_HOME or ~/.cache, on macOS in ~/Library/Caches, on Windows in %LOCALAPPDATA%.</summary>
    /// <returns>Null: the user has no folder of caches.</returns>
    public static string? Of(string name)
    {
        string caches = OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : OperatingSystem.IsMacOS() ? InHome("Library/Caches")
            : Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { } given && Path.IsPathRooted(given) ? given // "All paths must be absolute; relative ones should be ignored": XDG Base Directory Specification
            : InHome(".cache");
        return caches.Length > 0 ? Path.Combine(caches, "folio", name) : null;
    }

    private static string InHome(string folder) => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home ? Path.Combine(home, folder) : "";
}
