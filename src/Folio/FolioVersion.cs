using System.Reflection;

namespace Folio;

internal static class FolioVersion
{
    public static string Text { get; } = $"folio {typeof(FolioVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}";
}
