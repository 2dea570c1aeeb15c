namespace Folio.Tokenization.Tests;

internal static class Check
{
    /// <summary>Checks every item and reports all that fail, the first ones in full.</summary>
    public static void All<T>(IReadOnlyCollection<T> items, Action<T> check)
    {
        var failures = new List<string>();
        foreach (T item in items)
        {
            try
            {
                check(item);
            }
            catch (Exception e) when (e is Xunit.Sdk.IAssertionException or FolioException)
            {
                failures.Add($"{item}\n{e.Message}");
            }
        }

        Assert.True(failures.Count == 0, $"{failures.Count} of {items.Count} fail.\n{string.Join('\n', failures.Take(3))}");
    }
}
