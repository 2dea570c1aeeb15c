Console.WriteLine("folio");
