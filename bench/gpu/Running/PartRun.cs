using Folio.Compute.Cuda;
using Folio.Compute.Cuda.Card;
using Folio.Compute.Cuda.Interop;

namespace Folio.GpuBench;

/// <summary>Runs a part's items in this process, until one of them breaks the card's context.</summary>
internal static class PartRun
{
    public static int Run(Options options, TextWriter output)
    {
        var log = new ResultLog(output);
        using CudaContext? context = TryOpen(log); // kept all the while: backends come and go, and find it made
        if (context is null) return PartProcess.NoCard;
        Part part = PartList.Find(options.Part!).Make(options);
        using var owned = part as IDisposable;
        int index = 0;
        foreach (Item item in part.Items)
        {
            if (index++ < options.From) continue;
            log.Begin(index - 1, item.Name);
            try
            {
                item.Run(log);
            }
            catch (Exception error)
            {
                log.Fail(item.Name, error is FolioException ? error.Message : error.ToString());
            }

            context.Use();
            if (CudaDriver.cuCtxSynchronize() != 0) Environment.Exit(PartProcess.Broken); // nothing can be taken back from such a card
        }

        return 0;
    }

    private static CudaContext? TryOpen(ResultLog log)
    {
        try
        {
            return new CudaContext(ordinal: 0);
        }
        catch (CudaException error)
        {
            log.Fail("no card", error.Message);
            return null;
        }
    }
}
